"""What two templates mean, and in what they differ once they are deployed."""
