# read_modes.py
import asyncio
import ringfiles as aiofiles

async def read_text(path):
    async with aiofiles.open(path, mode='r', encoding='utf-8') as f:
        return await f.read()

async def read_binary(path):
    async with aiofiles.open(path, mode='rb') as f:
        header = await f.read(8)   # Read first 8 bytes
    return header

async def main():
    # Write a sample text file
    async with aiofiles.open('notes.txt', 'w', encoding='utf-8') as f:
        await f.write('asyncio is non-blocking\naiofiles keeps it that way\n')

    text = await read_text('notes.txt')
    print('Text:', repr(text))

    # Write a fake binary file
    async with aiofiles.open('data.bin', 'wb') as f:
        await f.write(b'\x89PNG\r\n\x1a\n')  # PNG magic bytes

    header = await read_binary('data.bin')
    print('Header bytes:', header)

asyncio.run(main())
