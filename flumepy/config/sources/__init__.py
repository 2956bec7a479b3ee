"""Where configurations come from: files, http(s), the conf directory, ZooKeeper; one contract, one module each."""
