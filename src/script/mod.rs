//! What a script says, read without running it: its syntax, the variables it reads, the AWS calls it makes.
