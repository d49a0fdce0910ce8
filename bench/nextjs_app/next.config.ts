import type { NextConfig } from "next";

const config: NextConfig = { serverExternalPackages: ["pg"], poweredByHeader: false };

export default config;
