#ifndef MOUNTS_H
#define MOUNTS_H

/* Mounts and unmounts what standard input says until that ends; the protocol is in README.md. */
_Noreturn void serve_mounts(void);

#endif
