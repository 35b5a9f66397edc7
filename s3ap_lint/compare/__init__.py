"""What a change of templates means once they are deployed."""
