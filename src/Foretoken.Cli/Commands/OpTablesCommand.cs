using System.CommandLine;
using System.Globalization;
using Foretoken.Cli.OpTables;
using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.OpTables;
using Foretoken.Quantities;
using Foretoken.Reports.Files;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken optables import DIR|SYSTEM.yaml --out FILE</c>.</summary>
internal static class OpTablesCommand
{
    public static Command Create()
    {
        var command = new Command("optables", "Measured operator tables as a source of step times.");
        command.Add(ImportCommand());
        return command;
    }

    internal static int Import(string source, string output, string? gpu, bool force, TextWriter @out, TextWriter error)
    {
        if (!force && File.Exists(output))
        {
            throw new InputException(output, "exists", "--force replaces it");
        }

        var (set, notes) = OperatorTableImport.Read(source, gpu);
        using (var file = NewFile.Create(output))
        {
            file.Write(stream => OperatorTableFile.Write(stream, set));
            file.Commit();
        }

        foreach (var note in notes)
        {
            error.WriteLine($"note: {note}");
        }

        if (GpuCatalogue.BuiltIn.Find(set.System) is null)
        {
            error.WriteLine($"note: no built-in GPU is called {set.System}: scenarios that use the file need a catalogue with one, or import with --gpu NAME");
        }

        foreach (var table in set.Tables)
        {
            @out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{OperatorShape.Of(table.Kind).Name,-21} {table.Backend} {table.Version}: {table.Points} points, {table.Grids.Count} shapes"));
        }

        @out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set.System}: {set.Tables.Count} tables, {set.Tables.Sum(t => t.Points)} points, {new FileInfo(output).Length} bytes -> {output}"));
        return ExitCodes.Ok;
    }

    private static Command ImportCommand()
    {
        var source = new Argument<string>("source") { Description = "SYSTEM.yaml in aiconfigurator's layout, the folder that it lies in, or the folder of its tables.", HelpName = "DIR|SYSTEM.yaml" };
        var output = new Option<string>("--out") { Description = "File to write.", HelpName = "FILE", Required = true };
        var gpu = new Option<string?>("--gpu") { Description = "Name of the GPU in the catalogue. Default: the system's name.", HelpName = "NAME" };
        var force = new Option<bool>("--force") { Description = "Replace FILE if it exists." };
        var command = new Command("import", "Convert aiconfigurator's parquet tables to a compact file that needs no library. Needs DuckDB once: ./foretoken setup duckdb.") { source, output, gpu, force };
        command.SetAction(parsed => Import(parsed.GetRequiredValue(source), parsed.GetRequiredValue(output), parsed.GetValue(gpu), parsed.GetValue(force), Console.Out, Console.Error));
        return command;
    }
}
