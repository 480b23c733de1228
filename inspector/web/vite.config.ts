import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The page is built for the browsers of the last years, and the same sources
// always give the same files.
export default defineConfig({
  plugins: [svelte()],
  base: './',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: {
    // "npm run dev" shows the page with the data of a running sidenote:
    // TOKEN=$(sidenote open --token) npm run dev
    proxy: {
      '/api': {
        target: process.env.ADMIN ?? 'http://127.0.0.1:8081',
        changeOrigin: true,
        headers: { Authorization: `Bearer ${process.env.TOKEN ?? ''}` },
      },
    },
  },
  test: { include: ['src/**/*.test.ts'] },
});
