"""What a project does to the base image before anything is built on it."""
