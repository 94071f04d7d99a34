"""What a task kind does: from claimed task to rows."""
