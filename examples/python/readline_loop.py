# readline_loop.py
import asyncio
import ringfiles as aiofiles

async def count_errors(log_path):
    error_count = 0
    async with aiofiles.open(log_path, mode='r', encoding='utf-8') as f:
        async for line in f:
            if 'ERROR' in line:
                error_count += 1
    return error_count

async def main():
    # Create a sample log file
    log_lines = [
        '2026-05-07 INFO server started\n',
        '2026-05-07 ERROR connection refused: db host unreachable\n',
        '2026-05-07 INFO request handled in 12ms\n',
        '2026-05-07 ERROR timeout after 30s on /api/data\n',
        '2026-05-07 INFO cache hit ratio: 0.87\n',
    ]
    async with aiofiles.open('app.log', 'w', encoding='utf-8') as f:
        await f.writelines(log_lines)

    errors = await count_errors('app.log')
    print(f'Error lines found: {errors}')

asyncio.run(main())
