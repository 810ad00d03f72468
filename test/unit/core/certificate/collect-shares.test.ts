import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Certificate } from '../../../../src/codec/certificate/certificate.ts'
import type { SealShare } from '../../../../src/codec/certificate/share.ts'
import { startCollecting, stepCollecting } from '../../../../src/core/certificate/collect-shares.ts'
import { verifyCertificate } from '../../../../src/core/certificate/verify-certificate.ts'
import { config, hashOf, SignatureBook, treeHead, VOTERS, voterSet } from '../../../setup/certificates.ts'

const book = new SignatureBook()
const head = treeHead()

function collect(shares: readonly SealShare[], of = config(1, [0, 1, 2, 3, 4]), liars = 1) {
  let collecting = startCollecting(head, of, liars)
  let certificate: Certificate | undefined
  for (const share of shares) ({ collecting, certificate } = stepCollecting(collecting, share))
  return { collecting, certificate }
}

describe('collecting shares', () => {
  it('completes with the share that makes a quorum, sorted by voter, and stays as it is then', () => {
    const shares = [4, 2, 0, 3].map((number) => book.signOne(VOTERS[number] as never, head))
    expect(collect(shares.slice(0, 3)).certificate).toBeUndefined()
    const { certificate } = collect(shares)
    expect(certificate?.shares.map(({ voter }) => voter)).toEqual(voterSet(0, 2, 3, 4))
    const late = book.signOne(VOTERS[1] as never, head)
    expect(collect([...shares, late]).certificate).toEqual(certificate)
  })

  it('takes a voter once, and neither strangers nor other heads', () => {
    const [first] = [book.signOne(VOTERS[0] as never, head)]
    const useless = [
      first,
      book.signOne(VOTERS[9] as never, head),
      book.signOne(VOTERS[1] as never, treeHead({ root: hashOf('other') })),
      book.signOne(VOTERS[1] as never, treeHead({ state: hashOf('other') })),
    ]
    expect(collect([first, ...useless]).collecting.shares).toEqual([first])
  })

  it('takes no more of one set of a joint config than are needed, and holds whatever the order', () => {
    const joint = config(2, [2, 3, 4, 5], [0, 1, 2])
    const at = treeHead({ config: 2 })
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        let collecting = startCollecting(at, joint, 0)
        let certificate: Certificate | undefined
        for (const number of order) {
          ;({ collecting, certificate } = stepCollecting(
            collecting,
            book.signOne(VOTERS[number] as never, at),
          ))
        }
        expect(certificate?.shares.length).toBeLessThanOrEqual(5)
        expect(verifyCertificate(certificate as Certificate, joint, book.context(0)).ok).toBe(true)
      }),
    )
  })
})
