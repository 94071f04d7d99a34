"""What writes pages and explores the protocol for developers; the service itself never imports it."""
