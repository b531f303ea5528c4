# quick_read.py
import asyncio
import ringfiles as aiofiles

async def read_file(path):
    async with aiofiles.open(path, mode='r', encoding='utf-8') as f:
        content = await f.read()
    return content

async def main():
    # Create a sample file first
    async with aiofiles.open('sample.txt', 'w', encoding='utf-8') as f:
        await f.write('Hello from aiofiles!\nLine two.\nLine three.')

    text = await read_file('sample.txt')
    print(text)

asyncio.run(main())
