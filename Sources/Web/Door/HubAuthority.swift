import Crypto
import Foundation
import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOSSL
import Sync
import SwiftASN1
import Tally
import X509

/// The hub's own certificate authority (RFC 5280): what terminals pin when they enrol, and what
/// vouches for the certificate that the hub serves with.
///
/// Its key lies in the hub's database, so a hub that is restored from a backup is still the one
/// that the terminals know. Its certificates are valid at any time that a clock without a battery
/// can show; trust ends by enrolling anew, not by a date (promise: a wrong clock refuses nothing).
public struct HubAuthority: Sendable {
    private static let setting = SettingKey("hub.tls_authority")
    /// 1950 is the first year of UTCTime; RFC 5280, 4.1.2.5, names 9999-12-31 for no end.
    private static let start = Date(timeIntervalSince1970: -631_152_000)
    private static let end = Date(timeIntervalSince1970: 253_402_300_799)

    private let key: P256.Signing.PrivateKey
    private let certificate: Certificate
    /// The certificate in PEM, as terminals fetch it.
    public let pem: String
    /// By what an enrolment token names it.
    public let pin: String

    private init(key: P256.Signing.PrivateKey, certificate: Certificate) throws {
        self.key = key
        self.certificate = certificate
        let document = try certificate.serializeAsPEM()
        pem = document.pemString
        pin = EnrolmentToken.pin(of: document.derBytes)
    }

    /// The hub's authority, made when it is first asked for.
    ///
    /// - Throws: what the store throws, and an error of the certificate's for a setting that was
    ///   damaged.
    public static func kept(in transaction: any ReplicaTransaction) throws -> HubAuthority {
        if let bytes = try transaction.setting(setting) {
            var decoder = CanonicalDecoder(bytes)
            return try HubAuthority(
                key: try P256.Signing.PrivateKey(rawRepresentation: try decoder.byteString()),
                certificate: try Certificate(derEncoded: try decoder.byteString())
            )
        }
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("Tallyman hub authority") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(key.publicKey),
            notValidBefore: start,
            notValidAfter: end,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            },
            issuerPrivateKey: .init(key)
        )
        var encoder = CanonicalEncoder()
        encoder.write(Array(key.rawRepresentation))
        encoder.write(try certificate.serializeAsPEM().derBytes)
        try transaction.set(setting, to: encoder.bytes)
        return try HubAuthority(key: key, certificate: certificate)
    }

    /// Serves HTTP/1.1 over TLS with a certificate of this authority, made for this run.
    ///
    /// - Parameter names: host names and IP addresses by which browsers may call the hub;
    ///   terminals go by the authority alone.
    /// - Returns: the server, for Hummingbird's application.
    /// - Throws: an error of the certificate's for a name that no certificate can hold.
    public func server(names: [String]) throws -> HTTPServerBuilder {
        let own = P256.Signing.PrivateKey()
        let names = names.map { name -> GeneralName in
            guard let address = try? SocketAddress(ipAddress: name, port: 0) else {
                return .dnsName(name)
            }
            return .ipAddress(ASN1OctetString(contentBytes: ArraySlice(Self.octets(of: address))))
        }
        let leaf = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(own.publicKey),
            notValidBefore: Self.start,
            notValidAfter: Self.end,
            issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("Tallyman hub") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
            },
            issuerPrivateKey: .init(key)
        )
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(
                    try NIOSSLCertificate(bytes: leaf.serializeAsPEM().derBytes, format: .der)
                ),
                .certificate(try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)),
            ],
            privateKey: .privateKey(
                try NIOSSLPrivateKey(bytes: Array(own.pemRepresentation.utf8), format: .pem)
            )
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try .tls(.http1(), tlsConfiguration: configuration)
    }

    /// The 4 or 16 bytes of an address.
    private static func octets(of address: SocketAddress) -> [UInt8] {
        switch address {
        case .v4(let v4): withUnsafeBytes(of: v4.address.sin_addr) { Array($0) }
        case .v6(let v6): withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}
