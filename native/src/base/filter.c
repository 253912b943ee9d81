#include "base/filter.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void emit(struct filter *f, struct sock_filter instruction)
{
	if (f->length == COUNT_OF(f->code)) refuse("filter", "is too long");
	f->code[f->length++] = instruction;
}

static void add_part(struct filter *f, struct sock_filter instruction)
{
	if (f->part_count == COUNT_OF(f->parts)) refuse("filter", "is too long");
	f->parts[f->part_count++] = instruction;
	f->calls[f->call_count - 1].length++;
}

#define STATEMENT(code, k) ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(test, k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (test) | BPF_K, k, yes, no))

void begin_filter(struct filter *f, uint32_t foreign)
{
	f->call_count = f->part_count = f->length = 0;
	emit(f, STATEMENT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	emit(f, JUMP(BPF_JEQ, OWN_ARCH, 1, 0));
	emit(f, STATEMENT(BPF_RET | BPF_K, foreign));
	emit(f, STATEMENT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
}

void begin_call(struct filter *f, uint32_t number)
{
	if (f->call_count == COUNT_OF(f->calls)) refuse("filter", "has too many calls");
	f->calls[f->call_count].number = number;
	f->calls[f->call_count].begin = f->part_count;
	f->calls[f->call_count++].length = 0;
}

void give(struct filter *f, uint32_t action) { add_part(f, STATEMENT(BPF_RET | BPF_K, action)); }

void load_argument(struct filter *f, unsigned argument)
{
	add_part(f, STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument)));
}

void load_argument_high(struct filter *f, unsigned argument)
{
	add_part(f, STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument + 4)));
}

void skip_if_equal(struct filter *f, uint32_t value, uint8_t count) { add_part(f, JUMP(BPF_JEQ, value, count, 0)); }
void skip_unless_equal(struct filter *f, uint32_t value, uint8_t count) { add_part(f, JUMP(BPF_JEQ, value, 0, count)); }

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The calls from `first` up to `end`. */
static void emit_calls(struct filter *f, unsigned first, unsigned end, uint32_t other)
{
	if (end - first > 1) {
		unsigned middle = first + (end - first) / 2, jump = f->length + 1;
		emit(f, JUMP(BPF_JGE, f->calls[middle].number, 0, 1));
		emit(f, STATEMENT(BPF_JMP | BPF_JA, 0));
		emit_calls(f, first, middle, other);
		f->code[jump].k = f->length - jump - 1;
		emit_calls(f, middle, end, other);
		return;
	}
	emit(f, JUMP(BPF_JEQ, f->calls[first].number, 1, 0));
	emit(f, STATEMENT(BPF_RET | BPF_K, other));
	for (unsigned i = 0; i < f->calls[first].length; i++) emit(f, f->parts[f->calls[first].begin + i]);
}

int install_filter_with_listener(struct filter *f, uint32_t other)
{
	qsort(f->calls, f->call_count, sizeof *f->calls, compare);
	for (unsigned i = 1; i < f->call_count; i++)
		if (f->calls[i].number == f->calls[i - 1].number) refuse("filter", "has a call twice");
	emit_calls(f, 0, f->call_count, other);
	struct sock_fprog program = {.len = (unsigned short)f->length, .filter = f->code};
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}
