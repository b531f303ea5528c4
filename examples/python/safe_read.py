# safe_read.py
import asyncio
import ringfiles as aiofiles

async def safe_read(path):
    try:
        async with aiofiles.open(path, mode='r', encoding='utf-8') as f:
            return await f.read()
    except FileNotFoundError:
        print(f'File not found: {path}')
        return None
    except PermissionError:
        print(f'Permission denied: {path}')
        return None
    except UnicodeDecodeError:
        # File exists but is not valid UTF-8 -- try binary fallback
        async with aiofiles.open(path, mode='rb') as f:
            raw = await f.read()
        return raw.decode('latin-1', errors='replace')

async def main():
    result = await safe_read('missing_file.txt')
    print('Missing file result:', result)

    # Write a valid file then read it
    async with aiofiles.open('valid.txt', 'w', encoding='utf-8') as f:
        await f.write('valid content')
    result = await safe_read('valid.txt')
    print('Valid file result:', result)

asyncio.run(main())
