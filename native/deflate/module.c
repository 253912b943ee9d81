// The part of libdeflate that lib/layers/gzip/deflate-module.ts offers: deflate itself, and memory that is taken once
// and never given back, because an instance of the module compresses buffers of one size.
// Included, since what it offers ends each stream.
#include "lib/deflate_compress.c"

#define EXPORT(name) __attribute__((export_name(name)))
#define PAGE 65536
#define ALIGNMENT 64

extern unsigned char __heap_base;
static unsigned char *top = &__heap_base;

/** Null when there is no more memory. */
EXPORT("reserve") void *reserve(size_t size)
{
	unsigned char *start = (unsigned char *)(((size_t)top + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
	size_t needed = ((size_t)start + size + PAGE - 1) / PAGE;
	size_t present = __builtin_wasm_memory_size(0);

	if (needed > present && __builtin_wasm_memory_grow(0, needed - present) == (size_t)-1)
		return NULL;
	top = start + size;
	return start;
}

static void keep(void *memory)
{
	(void)memory;
}

/** A compressor of a level, 1 to 12; null when there is no more memory. */
EXPORT("open") struct libdeflate_compressor *open_compressor(int level)
{
	const struct libdeflate_options options = { sizeof(options), reserve, keep };

	return libdeflate_alloc_compressor_ex(level, &options);
}

/**
 * Deflates a part of a stream: no block is marked as the last one (the build takes BFINAL out of the source), and an
 * empty stored block follows, so that the part ends at a byte and another part may follow. Returns the length of the
 * output, 0 if it does not fit.
 */
EXPORT("deflate")
size_t deflate(struct libdeflate_compressor *compressor, const u8 *input, size_t length, u8 *output, size_t room)
{
	static const u8 empty_stored[] = { 0, 0, 0xff, 0xff };
	struct deflate_output_bitstream bits = { .next = output, .end = output + room };

	if (length <= compressor->max_passthrough_size)
		return 0;
	compressor->impl(compressor, input, length, &bits);
	if (bits.overflow || (size_t)(bits.end - bits.next) < 2 + sizeof(empty_stored))
		return 0;
	/* Three zeros are the header of a block that is stored and not the last. */
	for (bits.bitcount += 3; bits.bitcount > 0; bits.bitcount -= bits.bitcount < 8 ? bits.bitcount : 8) {
		*bits.next++ = (u8)bits.bitbuf;
		bits.bitbuf >>= 8;
	}
	for (size_t i = 0; i < sizeof(empty_stored); i++)
		*bits.next++ = empty_stored[i];
	return (size_t)(bits.next - output);
}
