using Foretoken.Cli;

return await App.RunAsync(args).ConfigureAwait(false);
