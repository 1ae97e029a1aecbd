using System.Buffers.Text;
using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Reports.Requests;

/// <summary>A buffer of UTF-8 text that empties itself into a stream: ten million rows without a string each.</summary>
internal sealed class Utf8Row(Stream stream)
{
    private const int Margin = 64;

    private readonly byte[] _bytes = new byte[1 << 16];
    private int _length;

    public void Text(ReadOnlySpan<byte> text)
    {
        Room(text.Length);
        if (text.Length > _bytes.Length)
        {
            stream.Write(text);
            return;
        }

        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
    }

    public void Number(long value)
    {
        Room(Margin);
        Invariant.That(Utf8Formatter.TryFormat(value, _bytes.AsSpan(_length), out var written));
        _length += written;
    }

    /// <summary>Shortest text that reads back as the same number.</summary>
    public void Number(double value)
    {
        Room(Margin);
        Invariant.That(value.TryFormat(_bytes.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture));
        _length += written;
    }

    public void Flush()
    {
        stream.Write(_bytes, 0, _length);
        _length = 0;
    }

    private void Room(int bytes)
    {
        if (_length + bytes > _bytes.Length)
        {
            Flush();
        }
    }
}
