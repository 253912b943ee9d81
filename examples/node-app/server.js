import fastify from 'fastify'

const server = fastify()
server.get('/', async () => ({ hello: 'from Node.js', user: process.getuid() }))
await server.listen({ host: '0.0.0.0', port: 3000 })
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close())
