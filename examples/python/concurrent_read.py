# concurrent_read.py
import asyncio
import ringfiles as aiofiles
import time

async def read_and_count_lines(path):
    async with aiofiles.open(path, mode='r', encoding='utf-8') as f:
        content = await f.read()
    return path, len(content.splitlines())

async def main():
    # Create 5 sample files
    for i in range(5):
        async with aiofiles.open(f'log_{i}.txt', 'w', encoding='utf-8') as f:
            await f.write('\n'.join(f'Line {j}' for j in range((i + 1) * 100)))

    start = time.perf_counter()
    paths = [f'log_{i}.txt' for i in range(5)]
    results = await asyncio.gather(*[read_and_count_lines(p) for p in paths])
    elapsed = time.perf_counter() - start

    for path, lines in results:
        print(f'{path}: {lines} lines')
    print(f'Completed in {elapsed:.4f}s')

asyncio.run(main())
