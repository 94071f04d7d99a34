"""Compiled helpers that every act of the reduction shares."""
