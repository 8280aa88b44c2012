"""The basket of a visitor: what is in it, how long it is kept, and how it is paid."""
