/** The hosts of model calls that the environment names: those that the official clients are told of, and TTA_MODEL_HOSTS. */
