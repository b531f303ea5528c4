# append_log.py
import asyncio
import ringfiles as aiofiles
from datetime import datetime

async def log_event(path, level, message):
    timestamp = datetime.now().strftime('%Y-%m-%d %H:%M:%S')
    line = f'[{timestamp}] {level}: {message}\n'
    async with aiofiles.open(path, mode='a', encoding='utf-8') as f:
        await f.write(line)

async def main():
    log_path = 'events.log'
    await log_event(log_path, 'INFO',  'Application started')
    await log_event(log_path, 'WARN',  'Config missing -- using defaults')
    await log_event(log_path, 'ERROR', 'Database connection failed')

    async with aiofiles.open(log_path, 'r', encoding='utf-8') as f:
        print(await f.read())

asyncio.run(main())
