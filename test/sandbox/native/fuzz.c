/*
 * Feeds the helper's readers with broken inputs: `fuzz TARGET SEED INPUTS`. Built with sanitizers, linked with
 * --wrap=fail and --wrap=refuse, so that a refusal is no end of the process. Equal seeds make equal inputs.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "../../../native/src/virtual-root/programs.c" /* its readers are static */

#include "../../../native/src/ownership/owners.h"
#include "../../../native/src/step/spec.h"

#define ROOM 16384
#define BATCH 500 /* inputs a process: what a reader keeps is gone with it */

static jmp_buf refused;
_Noreturn void __wrap_fail(const char *step, const char *subject);
_Noreturn void __wrap_refuse(const char *step, const char *reason);
void __wrap_fail(const char *step, const char *subject)
{
	(void)step, (void)subject;
	longjmp(refused, 1);
}
void __wrap_refuse(const char *step, const char *reason)
{
	(void)step, (void)reason;
	longjmp(refused, 1);
}

static uint64_t state;

/* xorshift64*. */
static uint64_t next(void)
{
	state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
	return state * 0x2545F4914F6CDD1Dull;
}
static size_t below(size_t limit) { return limit ? next() % limit : 0; }

struct input {
	uint8_t bytes[ROOM];
	size_t length;
};

static void mutate(struct input *in)
{
	static const uint64_t numbers[] = {0, 1, 0x7f, 0x80, 0xff, 255, 256, 4095, 4096, 4097, 0x7fff, 0xffff, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
	static const char letters[] = "\0\n\t /#!09af-.,=";
	size_t at = below(in->length), size = below(64);
	switch (next() % 7) {
	case 0: in->bytes[at] ^= (uint8_t)(1u << next() % 8); break;
	case 1: in->bytes[at] = (uint8_t)next(); break;
	case 2: in->bytes[at] = (uint8_t)letters[below(sizeof letters)]; break;
	case 3: {
		uint64_t number = numbers[below(sizeof numbers / sizeof *numbers)] + next() % 3 - 1;
		size_t width = (size_t)1 << next() % 4;
		if (at + width <= in->length) memcpy(in->bytes + at, &number, width);
		break;
	}
	case 4: in->length = next() % 4 ? in->length : at; break; /* cut short */
	case 5:                                                  /* a part twice */
		if (at + size > in->length || in->length + size > ROOM) break;
		memmove(in->bytes + at + size, in->bytes + at, in->length - at);
		in->length += size;
		break;
	case 6: /* a part taken out */
		if (at + size > in->length) break;
		memmove(in->bytes + at, in->bytes + at + size, in->length - at - size);
		in->length -= size;
		break;
	}
}

static int file_of(const struct input *in)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || write(fd, in->bytes, in->length) != (ssize_t)in->length || lseek(fd, 0, SEEK_SET)) abort();
	return fd;
}

/* Reads all of a string, so that a sanitizer sees where it is. */
static size_t extent_of(const char *text) { return text ? strlen(text) : 0; }

/* ---- what is read ---- */

static const char spec_seed[] =
	"tsbuild-sandbox 1\0root\0/r\0root-is\0virtual\0hostname\0h\0cwd\0/\0user\0001\0002\0003,4,5\0bounding\0ffffffff\0mark\00012345678\0"
	"bind\0/a\0/b\0ro\0bind\0/c\0/d\0rw\0limit\0nofile\00010\00020\0filter\000060000000000ff7f\0owners-in\0/i\0owners-out\0/o\0"
	"capabilities\0virtual\0hard-links\0recorded\0arg\0sh\0arg\0-c\0env\0A=B\0end";
static const char mounted_seed[] =
	"tsbuild-sandbox 1\0root\0/r\0proc\0bind\0network\0none\0devices\0yes\0sys\0rw\0shm\00065536\0tmpfs\0/t\000100\0001777\0"
	"mask\0/proc/kcore\0readonly\0/proc/sys\0user\00033\00033\0\0user-is\0mapped\0arg\0true\0end";

static bool read_as_spec(const struct input *in)
{
	struct spec spec;
	size_t sum = 0;
	read_spec(file_of(in), &spec);
	sum += extent_of(spec.root) + extent_of(spec.hostname) + extent_of(spec.cwd) + extent_of(spec.owners_in) + extent_of(spec.owners_out);
	for (size_t i = 0; i < spec.mount_count; i++) sum += extent_of(spec.mounts[i].source) + extent_of(spec.mounts[i].target);
	for (size_t i = 0; i <= spec.arg_count; i++) sum += extent_of(spec.args[i]);
	for (size_t i = 0; i <= spec.env_count; i++) sum += extent_of(spec.env[i]);
	for (size_t i = 0; i < spec.masked_count; i++) sum += extent_of(spec.masked[i]);
	for (size_t i = 0; i < spec.group_count; i++) sum += spec.groups[i];
	for (size_t i = 0; i < spec.filter_length; i++) sum += spec.filter[i].k;
	return sum > 0;
}

static void seed_owners(struct input *in)
{
	uint64_t count = 1 + next() % 20;
	memcpy(in->bytes, "TSBOWN01", 8);
	memcpy(in->bytes + 8, &count, 8);
	in->length = 16 + 64 * count;
	for (uint64_t i = 0; i < count; i++) {
		struct owner owner = {.uid = (uint32_t)next() % 4, .gid = (uint32_t)next() % 70000};
		if (next() % 3 == 0) owner.type = next() % 2 ? S_IFCHR : S_IFBLK, owner.major = 1;
		if (next() % 3 == 0) owner.mode = MODE_RECORDED | (uint16_t)(next() & 07777);
		if (next() % 3 == 0) owner.capability_length = next() % 2 ? 20 : 24;
		uint64_t key[2] = {next() % 3, next() % 50};
		memcpy(in->bytes + 16 + 64 * i, key, sizeof key);
		memcpy(in->bytes + 32 + 64 * i, &owner, sizeof owner);
	}
}

/* A table that was read can be written, and read again. */
static bool read_as_owners(const struct input *in)
{
	load_owners(file_of(in), "input");
	const struct input nothing = {.length = 0};
	int fd = file_of(&nothing), copy = dup(fd);
	save_owners(fd, "output"); /* closes it */
	if (copy < 0 || lseek(copy, 0, SEEK_SET)) abort();
	if (setjmp(refused)) {
		fprintf(stderr, "the table that was written can't be read\n");
		abort();
	}
	load_owners(copy, "output");
	close(copy);
	return true;
}

static void seed_program(struct input *in)
{
	static const char interpreter[] = "/lib64/ld-linux-x86-64.so.2";
	Elf64_Ehdr header = {.e_type = ET_DYN, .e_machine = OWN_MACHINE, .e_version = 1, .e_phoff = sizeof header, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3};
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64, header.e_ident[EI_DATA] = ELFDATA2LSB, header.e_ident[EI_VERSION] = EV_CURRENT;
	size_t end = sizeof header + 3 * sizeof(Elf64_Phdr);
	const Elf64_Phdr segments[3] = {
		{.p_type = PT_PHDR, .p_offset = sizeof header},
		{.p_type = PT_INTERP, .p_offset = end, .p_filesz = sizeof interpreter},
		{.p_type = PT_LOAD, .p_filesz = end},
	};
	memcpy(in->bytes, &header, sizeof header);
	memcpy(in->bytes + sizeof header, segments, sizeof segments);
	memcpy(in->bytes + end, interpreter, sizeof interpreter);
	in->length = end + sizeof interpreter;
}

static bool read_as_program(const struct input *in)
{
	char interpreter[PATH_MAX];
	int fd = file_of(in), kind = read_program(fd, interpreter);
	close(fd);
	return kind == 1 ? extent_of(interpreter) > 0 : kind == 0;
}

static bool read_as_script(const struct input *in)
{
	char line[SCRIPT_LINE + 1], *name, *argument;
	size_t length = in->length < SCRIPT_LINE ? in->length : SCRIPT_LINE;
	if (length < 2) return false;
	memcpy(line, in->bytes, length);
	if (!read_script(line, length, &name, &argument)) return false;
	if (name < line || argument > line + SCRIPT_LINE || is_blank(*name) || strpbrk(name, " \t\n") || strchr(argument, '\n')) abort();
	return extent_of(name) + extent_of(argument) > 0;
}

/* ---- the targets ---- */

static void set_seed(struct input *in, const char *bytes, size_t length)
{
	memcpy(in->bytes, bytes, length);
	in->length = length;
}

static void seed_spec(struct input *in)
{
	if (next() % 2) set_seed(in, spec_seed, sizeof spec_seed);
	else set_seed(in, mounted_seed, sizeof mounted_seed);
}

static void seed_script(struct input *in)
{
	static const char *const lines[] = {"#!/bin/sh\n", "#! /usr/bin/env  python3 -E \necho\n", "#!/bin/sh\t-e\t\n", "#!\n", "#!/bin/sh"};
	const char *line = lines[below(sizeof lines / sizeof *lines)];
	set_seed(in, line, strlen(line));
	/* Longer than the kernel reads. */
	if (next() % 4) return;
	size_t more = below(2 * SCRIPT_LINE);
	memset(in->bytes + in->length, next() % 2 ? 'x' : ' ', more);
	in->length += more;
}

static const struct target {
	const char *name;
	void (*seed)(struct input *);
	bool (*read)(const struct input *);
} targets[] = {
	{"spec", seed_spec, read_as_spec},
	{"owners", seed_owners, read_as_owners},
	{"program", seed_program, read_as_program},
	{"script", seed_script, read_as_script},
};

/* How many inputs were accepted. */
static unsigned run_batch(const struct target *target, uint64_t seed, unsigned inputs)
{
	static struct input in;
	static volatile unsigned accepted;
	state = seed * 0x9E3779B97F4A7C15ull + 1;
	for (volatile unsigned i = 0; i < inputs; i++) {
		target->seed(&in);
		for (size_t n = below(8); n; n--) mutate(&in);
		if (!setjmp(refused)) accepted += target->read(&in);
	}
	return accepted;
}

int main(int argc, char **argv)
{
	const struct target *target = NULL;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
		if (argc == 4 && !strcmp(argv[1], targets[i].name)) target = &targets[i];
	if (!target) return 2;
	uint64_t seed = strtoull(argv[2], NULL, 10);
	unsigned inputs = (unsigned)atol(argv[3]), accepted = 0;
	for (unsigned done = 0; done < inputs; done += BATCH, seed++) {
		unsigned batch = inputs - done < BATCH ? inputs - done : BATCH, part = 0;
		int counts[2], status;
		if (pipe(counts)) return 2;
		pid_t child = fork();
		if (child == 0) {
			part = run_batch(target, seed, batch);
			_exit(write(counts[1], &part, sizeof part) == sizeof part ? 0 : 2);
		}
		close(counts[1]);
		bool whole = read(counts[0], &part, sizeof part) == sizeof part;
		close(counts[0]);
		if (waitpid(child, &status, 0) < 0 || status || !whole) {
			fprintf(stderr, "again: fuzz %s %llu %u\n", target->name, (unsigned long long)seed, batch);
			return 1;
		}
		accepted += part;
	}
	printf("%s: %u inputs, %u accepted\n", target->name, inputs, accepted);
	return 0;
}
