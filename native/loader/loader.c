/*
 * The loader: the only program that the kernel itself executes in a virtual root. It asks the helper which program it
 * stands for, gets that program and its ELF interpreter as descriptors, maps them as the kernel would, and jumps.
 *
 * It is free-standing and needs no relocation, so that nothing has to be set up before its first instruction.
 */
#include <elf.h>
#include <stddef.h>

#include <linux/mman.h>
#include <sys/syscall.h>

#include "../src/virtual-root/loader.h"
#include "arch.h"

/* The size of a page, which aarch64 has three of. */
static unsigned long page;
#define DOWN(x) ((x) & ~(page - 1))
#define UP(x) DOWN((x) + page - 1)
#define MAXIMUM_SEGMENTS 64
#define SIGSYS 31
#define SET_NAME 15 /* PR_SET_NAME */
#define SCRATCH_SIZE (8192ul * 16) /* rewrite.h */

#define CALL(number, a, b, c, d, e, f) call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static _Noreturn void die(const char *reason)
{
	size_t length = 0;
	while (reason[length]) length++;
	CALL(SYS_write, 2, reason, length, 0, 0, 0);
	for (;;) CALL(SYS_exit_group, 126, 0, 0, 0, 0, 0);
}

/* The compiler may call these. */
void *memset(void *to, int byte, size_t size)
{
	for (char *p = to; size--;) *p++ = (char)byte;
	return to;
}
void *memcpy(void *to, const void *from, size_t size)
{
	char *p = to;
	for (const char *q = from; size--;) *p++ = *q++;
	return to;
}

static int failed(long result) { return result < 0 && result > -4096; }

struct image {
	unsigned long begin, entry, headers, header_count;
	int executable_stack;
};

static void map_segment(const Elf64_Phdr *s, unsigned long bias, int fd)
{
	int protection = (s->p_flags & PF_R ? PROT_READ : 0) | (s->p_flags & PF_W ? PROT_WRITE : 0) | (s->p_flags & PF_X ? PROT_EXEC : 0);
	unsigned long start = bias + DOWN(s->p_vaddr), file_end = bias + s->p_vaddr + s->p_filesz, end = UP(bias + s->p_vaddr + s->p_memsz), mapped = start;
	if (s->p_filesz) {
		if (failed(CALL(SYS_mmap, start, UP(file_end) - start, protection, MAP_PRIVATE | MAP_FIXED, fd, DOWN(s->p_offset)))) die("loader: can't map the program\n");
		mapped = UP(file_end);
		if (s->p_memsz > s->p_filesz && protection & PROT_WRITE) memset((void *)file_end, 0, mapped - file_end);
	}
	if (end <= mapped) return;
	if (failed(CALL(SYS_mmap, mapped, end - mapped, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0))) die("loader: no memory for the program\n");
}

/* Room for a program, where it has to be or at a multiple of its alignment. */
static unsigned long reserve(int fixed, unsigned long low, unsigned long size, unsigned long align)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	if (fixed) {
		if (CALL(SYS_mmap, low, size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0) != (long)low) die("loader: the program's addresses are taken\n");
		return low;
	}
	unsigned long room = size + align - page;
	long at = CALL(SYS_mmap, 0, room, PROT_NONE, flags, -1, 0);
	if (failed(at)) die("loader: no memory for the program\n");
	unsigned long base = ((unsigned long)at + align - 1) & ~(align - 1), end = (unsigned long)at + room;
	if (base > (unsigned long)at) CALL(SYS_munmap, at, base - (unsigned long)at, 0, 0, 0, 0);
	if (end > base + size) CALL(SYS_munmap, base + size, end - base - size, 0, 0, 0, 0);
	return base;
}

static struct image map_image(int fd)
{
	Elf64_Ehdr header;
	Elf64_Phdr segments[MAXIMUM_SEGMENTS];
	if (CALL(SYS_pread64, fd, &header, sizeof header, 0, 0, 0) != sizeof header || header.e_phnum > MAXIMUM_SEGMENTS) die("loader: not a program\n");
	long size = (long)(header.e_phnum * sizeof *segments);
	if (CALL(SYS_pread64, fd, segments, size, header.e_phoff, 0, 0) != size) die("loader: not a program\n");
	unsigned long low = ~0ul, high = 0, align = page;
	for (int i = 0; i < header.e_phnum; i++) {
		const Elf64_Phdr *s = &segments[i];
		if (s->p_type != PT_LOAD) continue;
		if (s->p_vaddr + s->p_memsz < s->p_vaddr || s->p_filesz > s->p_memsz) die("loader: a segment is malformed\n");
		if (s->p_filesz && (s->p_vaddr ^ s->p_offset) & (page - 1)) die("loader: the program is made for smaller pages\n");
		if (DOWN(s->p_vaddr) < low) low = DOWN(s->p_vaddr);
		if (UP(s->p_vaddr + s->p_memsz) > high) high = UP(s->p_vaddr + s->p_memsz);
		if (s->p_align > align && !(s->p_align & (s->p_align - 1))) align = s->p_align;
	}
	if (high <= low) die("loader: a program without segments\n");
	unsigned long begin = reserve(header.e_type == ET_EXEC, low, high - low, align), bias = begin - low;
	struct image image = {.begin = begin, .entry = bias + header.e_entry, .header_count = header.e_phnum};
	for (int i = 0; i < header.e_phnum; i++) {
		const Elf64_Phdr *s = &segments[i];
		if (s->p_type == PT_GNU_STACK && s->p_flags & PF_X) image.executable_stack = 1;
		if (s->p_type != PT_LOAD || !s->p_memsz) continue;
		map_segment(s, bias, fd);
		if (header.e_phoff >= s->p_offset && header.e_phoff < s->p_offset + s->p_filesz) image.headers = bias + s->p_vaddr + (header.e_phoff - s->p_offset);
	}
	return image;
}

static unsigned long find_auxiliary(const Elf64_auxv_t *entry, unsigned long type)
{
	for (; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == type) return entry->a_un.a_val;
	die("loader: no size of pages\n");
}

static void set_auxiliary(Elf64_auxv_t *entry, unsigned long type, unsigned long value)
{
	for (; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == type) entry->a_un.a_val = value;
}

/* chroot(2), which the filter turns into this signal: the helper answers, and its answer becomes the call's. */
__attribute__((used)) static void on_trap(int signal, void *info, unsigned long *context)
{
	(void)signal, (void)info;
	context[CONTEXT_RESULT] = (unsigned long)CALL(SYS_getcwd, context[CONTEXT_ARGUMENT], 0, LOADER_CHANGES_ROOT, 0, 0, 0);
}

static void handle_traps(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} action = {.flags = 0x44000004 /* SA_NODEFER, SA_RESTORER, SA_SIGINFO */};
	ADDRESS(on_trap, action.handler);
	ADDRESS(return_from_trap, action.restorer);
	CALL(SYS_rt_sigaction, SIGSYS, &action, 0, 8, 0, 0);
}

/* The stack as the kernel lays it out, with other words first: at `to`, which has room. */
static void write_stack(long *to, const struct loader_answer *answer, const long *stack, long auxiliary_words)
{
	long argc = stack[0], kept = argc > 0 ? argc - 1 : 0;
	const long *argv = stack + 1, *envp = argv + argc + 1, *from = envp;
	*to++ = answer->word_count + kept;
	for (unsigned i = 0; i < answer->word_count; i++) *to++ = (long)answer + answer->words[i];
	for (long i = 0; i < kept; i++) *to++ = argv[1 + i];
	*to++ = 0;
	do *to++ = *from;
	while (*from++);
	memcpy(to, from, (size_t)auxiliary_words * sizeof *to);
}

__attribute__((used)) void load(long *stack)
{
	long *end = stack + 1 + stack[0] + 1;
	while (*end) end++;
	Elf64_auxv_t *auxiliary = (Elf64_auxv_t *)(end + 1), *last = auxiliary;
	while (last->a_type != AT_NULL) last++;
	page = find_auxiliary(auxiliary, AT_PAGESZ);
	char *memory = (char *)CALL(SYS_mmap, 0, SCRATCH_SIZE + LOADER_ANSWER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (failed((long)memory)) die("loader: no memory\n");
	struct loader_answer *answer = (struct loader_answer *)(memory + SCRATCH_SIZE);
	if (CALL(SYS_getcwd, answer, LOADER_ANSWER_SIZE, LOADER_ASKS, memory, 0, 0) < 0) die("loader: the helper does not answer\n");
	handle_traps();

	long auxiliary_words = (long *)(last + 1) - (long *)auxiliary;

	struct image program = map_image(answer->program), first = program;
	if (answer->interpreter >= 0) first = map_image(answer->interpreter);
	set_auxiliary(auxiliary, AT_PHDR, program.headers);
	set_auxiliary(auxiliary, AT_PHNUM, program.header_count);
	set_auxiliary(auxiliary, AT_ENTRY, program.entry);
	set_auxiliary(auxiliary, AT_BASE, answer->interpreter >= 0 ? first.begin : 0);
	set_auxiliary(auxiliary, AT_EXECFN, (unsigned long)answer + answer->name);
	set_auxiliary(auxiliary, AT_UID, answer->real_uid);
	set_auxiliary(auxiliary, AT_EUID, answer->effective_uid);
	set_auxiliary(auxiliary, AT_GID, answer->real_gid);
	set_auxiliary(auxiliary, AT_EGID, answer->effective_gid);
	set_auxiliary(auxiliary, AT_SECURE, answer->secure);
	CALL(SYS_close, answer->program, 0, 0, 0, 0, 0);
	if (answer->interpreter >= 0) CALL(SYS_close, answer->interpreter, 0, 0, 0, 0, 0);
	CALL(SYS_prctl, SET_NAME, answer->command, 0, 0, 0, 0);
	if (program.executable_stack) CALL(SYS_mprotect, DOWN((unsigned long)stack), page, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN, 0, 0, 0);

	long *top = stack;
	if (answer->word_count) {
		size_t words = (size_t)(2 + answer->word_count + ((long *)(last + 1) - stack));
		unsigned long block = (unsigned long)__builtin_alloca(words * sizeof *top + 16);
		top = (long *)((block + 15) & ~15ul);
		write_stack(top, answer, stack, auxiliary_words);
	}
	begin(top, first.entry);
}
