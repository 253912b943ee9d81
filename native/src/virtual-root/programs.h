/*
 * Programs of a virtual root. The kernel must not look for them itself, so it always executes the loader (a file in
 * memory), and the loader maps the program and its ELF interpreter from descriptors that it gets from here.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stdint.h>

#include "ownership/call.h"

/* Makes the loader's file, and the record of the process that executes the step's command. Ends the program if it
 * can't. */
void prepare_programs(uint64_t scratch);

/* The virtual name of a program, NULL for one that is unknown. */
const char *program_name(unsigned number);
/* Where processes of this program have memory for arguments; 0 if they have none. */
uint64_t scratch_of(unsigned number);

struct reply answer_program(const struct call *call, int directory, uint64_t path, uint64_t argv, uint64_t envp, int flags);
/* The question of the loader: args as in loader.h. */
struct reply answer_loader(const struct call *call);

#endif
