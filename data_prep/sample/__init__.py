"""The sample data: procedural drawings and faces whose factors are known exactly."""
