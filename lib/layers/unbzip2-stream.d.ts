declare module 'unbzip2-stream' {
  /** A stream that decompresses bzip2 on its way. */
  function unbzip2Stream(): NodeJS.ReadWriteStream
  // biome-ignore lint/style/noDefaultExport: the package is as it is
  export default unbzip2Stream
}
