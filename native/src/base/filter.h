/* A seccomp filter, call by call: the code of each call follows begin_call. Calls are found by halving, whatever the
 * order they are added in. */
#ifndef FILTER_H
#define FILTER_H

#include <stdint.h>

#include "base/kernel.h"

struct filter {
	struct {
		uint32_t number;
		unsigned begin, length;
	} calls[512];
	unsigned call_count;
	struct sock_filter parts[2048]; /* the code of the calls */
	unsigned part_count;
	struct sock_filter code[4096];
	unsigned length;
};

/* `foreign`: what calls for another processor get. */
void begin_filter(struct filter *filter, uint32_t foreign);
void begin_call(struct filter *filter, uint32_t number);
void give(struct filter *filter, uint32_t action);
/* The low or high half of an argument: both processors are little-endian. */
void load_argument(struct filter *filter, unsigned argument);
void load_argument_high(struct filter *filter, unsigned argument);
/* Goes over the next `count` instructions. */
void skip_if_equal(struct filter *filter, uint32_t value, uint8_t count);
void skip_unless_equal(struct filter *filter, uint32_t value, uint8_t count);
/* Installs it for this process and all that it starts, with `other` for calls that were not begun. The listener, -1
 * with errno. Needs Linux 5.19: before, a signal makes a caller repeat a call that was done. */
int install_filter_with_listener(struct filter *filter, uint32_t other);

#endif
