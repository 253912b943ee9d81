import type { Rule } from '../rule.ts'
import { platformText } from '../walk/platform-text.ts'

export const invalidBaseImagePlatform: Rule = {
  name: 'InvalidBaseImagePlatform',
  description: 'the base image is for the platform that the stage is for',
  checks: {
    base({ name, expected, actual }, report) {
      if (expected.os === actual.os && expected.architecture === actual.architecture) return
      const [got, wanted] = [actual, expected].map((platform) => JSON.stringify(platformText(platform)))
      report(`Base image ${name} was pulled with platform ${got}, expected ${wanted} for current build`)
    },
  },
}
