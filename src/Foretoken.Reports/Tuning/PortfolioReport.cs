using System.Text;
using Foretoken.Quantities;
using Foretoken.Reports.Files;
using Foretoken.Tuning.Portfolio;

namespace Foretoken.Reports.Tuning;

/// <summary>The files of a portfolio, beside those of its study.</summary>
public static class PortfolioReport
{
    /// <summary>Writes <c>portfolio.md</c> and <c>portfolio.json</c>, both or none. Returns the paths written.</summary>
    /// <exception cref="InputException">The folder or a file cannot be written.</exception>
    public static IReadOnlyList<string> Write(string folder, PortfolioResult result)
    {
        NewFile.MakeFolder(folder);
        string[] paths = [Path.Combine(folder, "portfolio.md"), Path.Combine(folder, "portfolio.json")];
        using var words = NewFile.Create(paths[0]);
        using var json = NewFile.Create(paths[1]);
        words.Write(stream => stream.Write(Encoding.UTF8.GetBytes(PortfolioText.Markdown(result))));
        json.Write(stream => stream.Write(Encoding.UTF8.GetBytes(PortfolioJson.Text(result))));
        words.Commit();
        json.Commit();
        return paths;
    }
}
