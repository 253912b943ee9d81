#ifndef FILESYSTEM_H
#define FILESYSTEM_H

struct spec;

/* Makes the step's root out of mounts and moves into it, in the caller's mount namespace. Nothing of the old root stays
 * in reach. */
void enter_root(const struct spec *spec);

#endif
