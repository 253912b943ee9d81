#ifndef XATTRS_H
#define XATTRS_H

/* File capabilities of many files below `root`, by names relative to it; the protocol is in README.md. */
_Noreturn void get_capabilities(const char *root);
_Noreturn void set_capabilities(const char *root);

#endif
