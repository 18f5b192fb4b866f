"""Parts of the HTML of error pages: code in text, source in colours, links into the editor."""
