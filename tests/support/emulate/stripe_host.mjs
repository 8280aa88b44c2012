// Hosts the emulator of the payment provider on a free port. `argv[2]` is the address that it calls
// itself by (our proxy's), to which its events go, too. Says its own in one line of JSON, and ends
// when standard input closes.
import { createEmulator } from 'emulate';

try {
  const emulator = await createEmulator({
    service: 'stripe',
    port: Number(process.argv[3] ?? 0),
    baseUrl: process.argv[2],
    seed: {
      stripe: {
        webhooks: [
          {
            url: `${process.argv[2]}/events`,
            events: ['checkout.session.completed', 'checkout.session.expired'],
          },
        ],
      },
    },
  });
  process.stdin.resume();
  process.stdin.on('end', async () => {
    await emulator.close();
    process.exit(0);
  });
  console.log(JSON.stringify({ url: emulator.url }));
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
