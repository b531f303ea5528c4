# write_config.py
import asyncio
import ringfiles as aiofiles
import json

async def save_config(path, config):
    json_str = json.dumps(config, indent=2)
    async with aiofiles.open(path, mode='w', encoding='utf-8') as f:
        await f.write(json_str)
    print(f'Saved {len(json_str)} bytes to {path}')

async def main():
    config = {
        'host': 'localhost',
        'port': 8080,
        'debug': False,
        'allowed_origins': ['https://example.com', 'https://app.example.com']
    }
    await save_config('config.json', config)

    # Verify it was written
    async with aiofiles.open('config.json', 'r', encoding='utf-8') as f:
        loaded = json.loads(await f.read())
    print('Loaded back:', loaded['host'], loaded['port'])

asyncio.run(main())
