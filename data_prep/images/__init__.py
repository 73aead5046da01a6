"""Sources of ready images: CelebA, image folders, IDX and CIFAR-10."""
