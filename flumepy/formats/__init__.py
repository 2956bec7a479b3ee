"""Wire and file formats shared by several components, without I/O."""
