// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import PackageDescription

/// The settings of the root package's targets.
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

let package = Package(
    name: "sceptic-benchmarks",
    dependencies: [
        // Named, because the folder of a clone may be called anything.
        .package(name: "sceptic", path: "../"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "sceptic-load",
            dependencies: [
                .product(name: "Cryptography", package: "sceptic"),
                .product(name: "PKIX", package: "sceptic"),
                .product(name: "SCEP", package: "sceptic"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        )
    ]
)
