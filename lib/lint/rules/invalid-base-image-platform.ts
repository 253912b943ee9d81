import { formatPlatform } from '../../oci/platform.ts'
import type { Rule } from '../rule.ts'

export const invalidBaseImagePlatform: Rule = {
  name: 'InvalidBaseImagePlatform',
  description: 'the base image is for the platform that the stage is for',
  checks: {
    base({ name, expected, actual }, report) {
      if (expected.os === actual.os && expected.architecture === actual.architecture) return
      const [got, wanted] = [actual, expected].map((platform) => JSON.stringify(formatPlatform(platform)))
      report(`Base image ${name} was pulled with platform ${got}, expected ${wanted} for current build`)
    },
  },
}
