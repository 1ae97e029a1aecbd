using System.Net;
using System.Text;
using System.Text.Json;

namespace Foretoken.Reports.Html;

/// <summary>A page that the build bundled (<c>web/</c>), to be filled with a title and data.</summary>
internal static class PageTemplate
{
    private static readonly byte[] TitleMark = "__FORETOKEN_TITLE__"u8.ToArray();
    private static readonly byte[] DataMark = "__FORETOKEN_DATA__"u8.ToArray();

    /// <summary>Writes the page as UTF-8.</summary>
    /// <param name="resource">Which page.</param>
    /// <param name="title">Title of the window, as text.</param>
    /// <param name="data">Writes what the page draws.</param>
    /// <param name="stream">Where to.</param>
    public static void Write(string resource, string title, Action<Utf8JsonWriter> data, Stream stream)
    {
        ReadOnlySpan<byte> page = Read(resource);
        var titleAt = page.IndexOf(TitleMark);
        var dataAt = page.IndexOf(DataMark);
        stream.Write(page[..titleAt]);
        stream.Write(Encoding.UTF8.GetBytes(WebUtility.HtmlEncode(title)));
        stream.Write(page[(titleAt + TitleMark.Length)..dataAt]);
        // The writer's own escaping keeps "</script" and "<!--" out of the data.
        using (var json = new Utf8JsonWriter(stream))
        {
            data(json);
        }

        stream.Write(page[(dataAt + DataMark.Length)..]);
    }

    private static byte[] Read(string name)
    {
        using var resource = typeof(PageTemplate).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException("The report page was not built into the program.");
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
