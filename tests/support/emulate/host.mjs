// Hosts the mail provider's emulator on the port given (0: any). Says its address in one line of
// JSON, forgets everything when told `reset` on standard input, and ends when that closes.
import { createEmulator } from 'emulate';

const say = (value) => console.log(JSON.stringify(value));

try {
  const emulator = await createEmulator({ service: 'resend', port: Number(process.argv[2] ?? 0) });
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text) => {
    for (const line of text.split('\n')) {
      if (line.trim() === 'reset') {
        emulator.reset();
        say({ reset: true });
      }
    }
  });
  process.stdin.on('end', async () => {
    await emulator.close();
    process.exit(0);
  });
  say({ url: emulator.url });
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
