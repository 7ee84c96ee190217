"""What keeps the data in wheeldock's resources fresh."""
