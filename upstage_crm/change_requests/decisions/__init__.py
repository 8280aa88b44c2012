"""What a reviewer decides with a link."""
