"""What a stack is deployed with: samconfig files, parameter files, and the commands of scripts and guides."""
