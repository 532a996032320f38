// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PackageDescription

/// The compiler settings of every Swift target: warnings are errors, and memory safety is spelled out.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .treatWarning("ExplicitSendable", as: .error),
]

let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "sceptic",
    products: [
        .executable(name: "sceptic", targets: ["sceptic"]),
        .library(name: "Cryptography", targets: ["Cryptography"]),
        .library(name: "PKIX", targets: ["PKIX"]),
        .library(name: "SCEP", targets: ["SCEP"]),
        .library(name: "SCEPClient", targets: ["SCEPClient"]),
        // For the package in Fuzzing, which has other compiler flags, and for nobody else.
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CLibPQ",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]
        ),
        .systemLibrary(
            name: "CLDAP",
            pkgConfig: "ldap",
            providers: [.apt(["libldap2-dev"])]
        ),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CSpawn"),
        .target(name: "CConstantTime"),
        .target(
            name: "Cryptography",
            dependencies: ["CLibCrypto", "CConstantTime", crypto],
            swiftSettings: strict
        ),
        .target(
            name: "PKIX",
            dependencies: ["Cryptography", asn1, x509],
            swiftSettings: strict
        ),
        .target(
            name: "CryptographicMessageSyntax",
            dependencies: ["Cryptography", "PKIX", asn1],
            swiftSettings: strict
        ),
        .target(
            name: "SCEP",
            dependencies: ["Cryptography", "CryptographicMessageSyntax", "PKIX", asn1, x509],
            swiftSettings: strict
        ),
        .target(
            name: "CertificateAuthority",
            dependencies: ["Cryptography", "PKIX", asn1, x509],
            swiftSettings: strict
        ),
        .target(
            name: "SCEPClient",
            dependencies: [
                "Cryptography", "PKIX", "SCEP",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                asn1, nioCore, nioHTTP1, nioPosix, nioSSL, x509,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Enrollment",
            dependencies: [
                "CertificateAuthority", "Cryptography", "CryptographicMessageSyntax", "PKIX", "SCEP", asn1, x509,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Storage",
            dependencies: [
                "CLibPQ", "Enrollment", "PKIX",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                crypto,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "StorageConformance",
            dependencies: ["Enrollment", "PKIX"],
            swiftSettings: strict
        ),
        .target(
            name: "SCEPEndpoint",
            dependencies: [nioCore, nioPosix, nioHTTP1, nioSSL, lifecycle, logging],
            swiftSettings: strict
        ),
        .target(name: "StrictJSON", swiftSettings: strict),
        .target(
            name: "AdminAPI",
            dependencies: ["StrictJSON"],
            swiftSettings: strict
        ),
        .target(
            name: "AdminClient",
            dependencies: [
                "AdminAPI", "StrictJSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                nioCore, nioHTTP1, nioPosix, nioSSL,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Connectors",
            dependencies: [
                "CLDAP", "CSpawn", "Cryptography", "Enrollment", "PKIX", "StrictJSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "JWTKit", package: "jwt-kit"),
                asn1, crypto, nioCore, nioHTTP1, nioPosix, nioSSL, x509,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ServerApp",
            dependencies: [
                "AdminAPI", "CMalloc", "CertificateAuthority", "Connectors", "Cryptography", "Enrollment", "PKIX",
                "SCEP",
                "SCEPEndpoint", "Storage", "StrictJSON",
                .product(name: "Yams", package: "Yams"),
                crypto, lifecycle, logging, unixSignals, x509,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "sceptic",
            dependencies: [
                "AdminAPI", "AdminClient", "CertificateAuthority", "Cryptography", "Enrollment", "PKIX", "SCEP",
                "SCEPClient", "SCEPEndpoint", "SCEPProbe", "ServerApp", "Storage", "StrictJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                logging, x509,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SCEPCrafting",
            dependencies: ["Cryptography", "PKIX"],
            swiftSettings: strict
        ),
        .target(
            name: "SCEPProbe",
            dependencies: ["Cryptography", "PKIX", "SCEPCrafting", nioCore, nioPosix, nioSSL, x509],
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Cryptography", "CryptographicMessageSyntax", "PKIX", "SCEP", "SCEPCrafting", asn1, x509],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .target(
            name: "TestPeers",
            dependencies: ["TestSupport", asn1, crypto, nioCore, nioHTTP1, nioPosix, nioSSL, x509],
            path: "Tests/TestPeers",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "uniform-timing",
            dependencies: ["Cryptography", "PKIX", "SCEPCrafting", "TestSupport"],
            path: "Tests/UniformTiming",
            swiftSettings: strict
        ),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "CConstantTime", "Cryptography", "CryptographicMessageSyntax", "PKIX", "SCEP", "SCEPClient",
                "SCEPCrafting", "SCEPEndpoint", asn1, logging, nioCore, nioEmbedded, x509,
            ],
            path: "Tests/FuzzTargets",
            swiftSettings: strict
        ),
        .testTarget(
            name: "FuzzReplayTests",
            dependencies: ["FuzzTargets"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CryptographyTests",
            dependencies: ["CConstantTime", "Cryptography", "SCEPCrafting", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PKIXTests",
            dependencies: ["Cryptography", "PKIX", "SCEPCrafting", "TestSupport", asn1, x509],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CryptographicMessageSyntaxTests",
            dependencies: ["Cryptography", "CryptographicMessageSyntax", "PKIX", "SCEPCrafting", "TestSupport", asn1],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCEPTests",
            dependencies: [
                "Cryptography", "CryptographicMessageSyntax", "PKIX", "SCEP", "SCEPCrafting", "TestSupport", asn1, x509,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCEPClientTests",
            dependencies: [
                "Cryptography", "CryptographicMessageSyntax", "PKIX", "SCEP", "SCEPClient", "sceptic",
                asn1, nioCore, nioHTTP1, nioPosix, x509,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCEPProbeTests",
            dependencies: [
                "Cryptography", "PKIX", "SCEPCrafting", "SCEPProbe", "TestSupport", nioCore, nioPosix, x509,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Enrollment", "PKIX", "Storage", "StorageConformance", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCEPEndpointTests",
            dependencies: ["SCEPEndpoint", lifecycle, logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EnrollmentTests",
            dependencies: [
                "CertificateAuthority", "Connectors", "Cryptography", "CryptographicMessageSyntax", "Enrollment",
                "PKIX", "SCEP",
                "Storage", "SCEPCrafting", "TestSupport", asn1, x509,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConnectorsTests",
            dependencies: [
                "Connectors", "Cryptography", "Enrollment", "PKIX", "StrictJSON", "TestPeers", "TestSupport",
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Yams", package: "Yams"),
                asn1, crypto, nioCore, nioHTTP1, nioPosix, nioSSL, x509,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AdminAPITests",
            dependencies: ["AdminAPI", "AdminClient", "StrictJSON"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ServerAppTests",
            dependencies: [
                "AdminAPI", "CertificateAuthority", "Cryptography", "Enrollment", "PKIX", "SCEP", "SCEPCrafting",
                "SCEPEndpoint", "ServerApp", "Storage", "StrictJSON", "TestSupport",
                logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "AdminAPI", "Cryptography", "CryptographicMessageSyntax", "Enrollment", "PKIX", "SCEP", "SCEPCrafting",
                "TestPeers", "TestSupport", "sceptic",
                asn1, crypto, nioHTTP1, x509,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Transcripts"],
            swiftSettings: strict
        ),
    ]
)
