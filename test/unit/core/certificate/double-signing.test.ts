import { describe, expect, it } from 'vitest'
import { doubleSigningOf, verifyDoubleSigning } from '../../../../src/core/certificate/double-signing.ts'
import { hashOf, SignatureBook, sha256, treeHead, VOTERS } from '../../../setup/certificates.ts'

const [LIAR, OTHER] = VOTERS as [(typeof VOTERS)[0], (typeof VOTERS)[0]]

describe('evidence of double signing', () => {
  const book = new SignatureBook()
  const a = book.signOne(LIAR, treeHead({ root: hashOf('a') }))
  const [, b] = book.sign(LIAR, [treeHead({ group: 5 }), treeHead({ root: hashOf('b') })])
  if (b === undefined) throw new Error('a share for each head')

  it('is one voter, one size, two roots, also out of turns with several groups', () => {
    const evidence = doubleSigningOf(a, b)
    expect(evidence).toEqual({ first: a, second: b })
    expect(verifyDoubleSigning(evidence as never, book.judge, sha256)).toEqual({ ok: true, value: LIAR })
  })

  it.each([
    ['another voter', book.signOne(OTHER, treeHead({ root: hashOf('b') }))],
    ['another size', book.signOne(LIAR, treeHead({ size: 11, root: hashOf('b') }))],
    ['another group', book.signOne(LIAR, treeHead({ group: 2, root: hashOf('b') }))],
    ['another generation', book.signOne(LIAR, treeHead({ generation: 1, root: hashOf('b') }))],
    ['the same root', book.signOne(LIAR, treeHead({ root: hashOf('a') }))],
    [
      'the same root and another state',
      book.signOne(LIAR, treeHead({ root: hashOf('a'), state: hashOf('b') })),
    ],
  ])('is none with %s', (_, second) => {
    expect(doubleSigningOf(a, second)).toBeUndefined()
    expect(verifyDoubleSigning({ first: a, second }, book.judge, sha256)).toMatchObject({
      error: { code: 'MALFORMED' },
    })
  })

  it('convicts nobody whose signature is made up', () => {
    const forged = { ...b, s: a.s }
    expect(verifyDoubleSigning({ first: a, second: forged }, book.judge, sha256)).toMatchObject({
      error: { code: 'BAD_SIGNATURE', field: 'second' },
    })
    expect(verifyDoubleSigning({ first: forged, second: a }, book.judge, sha256)).toMatchObject({
      error: { code: 'BAD_SIGNATURE', field: 'first' },
    })
  })
})
